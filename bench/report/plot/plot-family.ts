/** One picture for each family: bars of ours and the peers, our quartiles, the goals. SVG that needs nothing from outside. Pure. */
import type { JudgedLine } from '../judge.ts';
import { isMeasured, printNumber, printQuantity } from '../print-number.ts';
import { buildAxis, type Axis } from './axis.ts';
import { element, escapeXml, label } from './element.ts';
import { BARS_X, contendersOf, drawLine, goalsOf } from './line-bars.ts';
import { STYLE } from './style.ts';
import { titleOf, type FamilyLines } from '../report.ts';

const WIDTH = 800;
/** The longest bar; the rest of the width is for the numbers behind it. */
const BARS_WIDTH = 440;
const HEADER_HEIGHT = 62;
const LINE_GAP = 14;
const AXIS_HEIGHT = 46;
const PANEL_GAP = 22;

/** The text of an SVG file. Lines that follow each other and have the same unit share an axis. */
export function plotFamily({ family, lines }: FamilyLines): string {
  const title = titleOf(family);
  const elements: string[] = [];
  let top = HEADER_HEIGHT;
  for (const panel of toPanels(lines)) {
    const drawn = drawPanel(panel, top);
    elements.push(...drawn.elements);
    top += drawn.height + PANEL_GAP;
  }
  const height = top - PANEL_GAP + 8;
  return `${element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      width: WIDTH,
      height,
      viewBox: `0 0 ${WIDTH} ${Math.round(height * 10) / 10}`,
      role: 'img',
      'aria-label': `${title}: ${lines.map(describe).join('; ')}`,
    },
    [
      '',
      element('title', {}, escapeXml(title)),
      element('style', {}, STYLE),
      element('rect', { class: 'page', width: WIDTH, height, rx: 6 }),
      label(title, { class: 'title', x: 16, y: 28 }),
      label(captionOf(lines), { class: 'muted', x: 16, y: 48 }),
      ...elements,
      '',
    ].join('\n'),
  )}\n`;
}

/** For who hears the picture: `CPU per plain request: ours 98.2 µs, nginx 24.1 µs`. */
function describe(line: JudgedLine): string {
  const values = contendersOf(line).map(
    ([name, value]) => `${name} ${printQuantity(value, line.unit)}`,
  );
  return `${line.name}: ${values.join(', ')}`;
}

function captionOf(lines: readonly JudgedLine[]): string {
  const isSkipped = (peer: string, { peers }: JudgedLine): boolean =>
    peer !== 'ours' && !(peer in peers);
  const hasSkipped = lines.some((line) => line.goals.some(({ of }) => isSkipped(of, line)));
  return [
    'medians of the rounds; whiskers: quartiles of ours; dashed: goals of ours',
    ...(hasSkipped ? ['peers that were skipped are left out'] : []),
  ].join('; ');
}

function toPanels(lines: readonly JudgedLine[]): readonly (readonly JudgedLine[])[] {
  const panels: JudgedLine[][] = [];
  for (const line of lines) {
    const last = panels.at(-1);
    if (last?.[0]?.unit === line.unit) last.push(line);
    else panels.push([line]);
  }
  return panels;
}

function drawPanel(lines: readonly JudgedLine[], top: number) {
  const axis = buildAxis(
    lines.flatMap((line) =>
      contendersOf(line)
        .map(([, value]) => value)
        .filter(isMeasured),
    ),
    {
      marks: lines.flatMap((line) => [
        ...(line.spread['ours'] ?? []).filter(isMeasured),
        ...goalsOf(line).map(({ value }) => value),
      ]),
      width: BARS_WIDTH,
    },
  );
  const drawn: string[] = [];
  let bottom = top;
  for (const line of lines) {
    const { elements, height } = drawLine(line, axis, bottom);
    drawn.push(...elements);
    bottom += height + LINE_GAP;
  }
  bottom -= LINE_GAP;
  const unit = lines[0]?.unit ?? '';
  const elements = [...drawAxis(axis, { unit, top, bottom }), ...drawn];
  return { elements, height: bottom + AXIS_HEIGHT - top };
}

function drawAxis(
  axis: Axis,
  { unit, top, bottom }: { readonly unit: string; readonly top: number; readonly bottom: number },
): readonly string[] {
  const title = [unit, ...(axis.isLogarithmic ? ['logarithmic'] : [])].filter(
    (part) => part !== '',
  );
  return [
    ...axis.ticks.flatMap((tick) => {
      const x = BARS_X + axis.placeOf(tick);
      return [
        element('line', { class: 'grid', x1: x, x2: x, y1: top + 24, y2: bottom }),
        label(printNumber(tick), { class: 'muted', x, y: bottom + 16, 'text-anchor': 'middle' }),
      ];
    }),
    label(title.join(', '), {
      class: 'muted',
      x: BARS_X + BARS_WIDTH / 2,
      y: bottom + 35,
      'text-anchor': 'middle',
    }),
  ];
}
