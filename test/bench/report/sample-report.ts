/** A report of made-up figures: none of them was measured. */
import { buildReport, type Findings, type Report } from '../../../bench/report/report.ts';
import type { Line } from '../../../bench/metrics/metric.ts';
import type { Target, TargetName } from '../../../bench/targets/target.ts';

export function sampleLine(changes: Partial<Line> = {}): Line {
  return {
    id: 'P1',
    name: 'CPU per plain request',
    unit: 'µs',
    ours: 100,
    peers: { nginx: 25, portkey: 1000 },
    ratios: { nginx: 4, portkey: 0.1 },
    spread: { ours: [96, 104.4444], nginx: [3.9, 4.1], portkey: [0.09, 0.11] },
    goals: [
      { of: 'nginx', most: 5 },
      { of: 'portkey', most: 0.125 },
    ],
    rounds: { kept: 5, thrownAway: {} },
    notes: [],
    ...changes,
  };
}

const noPeers = { peers: {}, ratios: {}, spread: {}, goals: [] };

export const SAMPLE_FINDINGS: Findings = {
  measured: [
    {
      metric: { family: 'memory' },
      lines: [
        sampleLine({
          ...noPeers,
          id: 'P13',
          name: 'memory idle',
          unit: 'MB',
          ours: 88.88,
          spread: { ours: [88, 89.5] },
          goals: [{ of: 'ours', most: 90 }],
        }),
        sampleLine({
          ...noPeers,
          id: 'P13-stream',
          name: 'memory of an open stream',
          unit: 'kB',
          ours: NaN,
          spread: { ours: [NaN, NaN] },
          goals: [{ of: 'ours', most: 30 }],
          rounds: { kept: 0, thrownAway: { errors: 3 } },
          notes: ['no round was kept'],
        }),
      ],
    },
    {
      metric: { family: 'requests' },
      lines: [sampleLine()],
    },
    {
      metric: { family: 'latency' },
      lines: [
        sampleLine({
          id: 'P3',
          name: 'added time to first token',
          ours: 912.34,
          peers: { nginx: 300, portkey: 28_664 },
          ratios: { nginx: 3.041, portkey: 0.0318 },
          spread: { ours: [880, 950], nginx: [2.9, 3.2], portkey: [0.031, 0.0325] },
          goals: [
            { of: 'nginx', most: 3 },
            { of: 'portkey', most: 0.0333 },
          ],
          rounds: { kept: 4, thrownAway: { 'busy machine': 2, errors: 1 } },
        }),
        sampleLine({
          ...noPeers,
          id: 'P4',
          name: 'stalls of 1000',
          unit: 'stalls',
          ours: 0,
          peers: { direct: 0 },
          spread: { ours: [0, 0] },
          goals: [{ of: 'ours', most: 0 }],
        }),
      ],
    },
    {
      metric: { family: 'chunks' },
      lines: [
        sampleLine({
          id: 'P5',
          name: 'CPU per chunk through',
          ours: 60,
          peers: { nginx: 30 },
          ratios: { nginx: 2 },
          spread: { ours: [58, 63], nginx: [1.9, 2.1] },
          goals: [
            { of: 'nginx', most: 2.5 },
            { of: 'fastchat', most: 0.5 },
          ],
        }),
        sampleLine({
          id: 'P5-converted',
          name: 'CPU per chunk, converted to NUL frames',
          ours: 75,
          peers: { nginx: 30 },
          ratios: { nginx: 2.5 },
          spread: { ours: [70, 80], nginx: [2.4, 2.7] },
          goals: [{ of: 'nginx', most: 2.6 }],
          notes: ['nginx does no conversion'],
        }),
        sampleLine({
          ...noPeers,
          id: 'P6',
          name: 'chunks of one core, converted',
          unit: 'chunks/s',
          ours: 21_234.5,
          spread: { ours: [20_900, 21_600] },
          goals: [{ of: 'ours', least: 20_000 }],
        }),
      ],
    },
  ],
  targets: {
    found: new Map<TargetName, Target>([
      ['direct', targetOf('direct', '')],
      ['ours', targetOf('ours', '0.1.0')],
      ['nginx', targetOf('nginx', '1.22.1')],
      ['portkey', targetOf('portkey', '1.15.2')],
    ]),
    missing: new Map([['fastchat', 'Python has no package fschat']]),
  },
  isQuick: false,
  machine: {
    cpu: 'Abacus 2000',
    cores: 2,
    memoryGiB: 3.9,
    kernel: 'Linux 6.1.0',
    virtualization: 'KVM',
    node: '24.0.0',
  },
  commit: '0123456789ab',
  now: new Date('2026-11-21T23:59:59Z'),
};

export const SAMPLE: Report = buildReport(SAMPLE_FINDINGS);

function targetOf(name: TargetName, version: string): Target {
  return { name, version, start: () => Promise.reject(new Error('a sample starts nothing')) };
}
