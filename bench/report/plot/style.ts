/** Colours of the plots, light and dark; fonts are those that the reader's system has. */
export const STYLE = `
text { font-family: system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; font-size: 12px; fill: #1f2328; }
.page { fill: #ffffff; }
.title { font-size: 16px; font-weight: 600; }
.line { font-size: 13px; font-weight: 600; }
.muted { fill: #59636e; font-weight: 400; }
.value, .line, .goal-text { paint-order: stroke; stroke: #ffffff; stroke-width: 4px; stroke-linejoin: round; }
.met { fill: #1a7f37; }
.missed { fill: #cf222e; }
.bar { fill: #afb8c1; }
.bar.ours { fill: #0969da; }
.grid { stroke: #e4e8ec; }
.quartiles { stroke: #1f2328; stroke-width: 1.5; fill: none; }
.goal { stroke: #bc4c00; stroke-width: 1.5; stroke-dasharray: 5 3; }
.goal-halo { stroke: #ffffff; stroke-width: 4; }
.goal-text { fill: #bc4c00; font-size: 11px; }
@media (prefers-color-scheme: dark) {
text { fill: #f0f6fc; }
.page { fill: #0d1117; }
.muted { fill: #9198a1; }
.value, .line, .goal-text { stroke: #0d1117; }
.met { fill: #3fb950; }
.missed { fill: #f85149; }
.bar { fill: #59636e; }
.bar.ours { fill: #388bfd; }
.grid { stroke: #2a313a; }
.quartiles { stroke: #f0f6fc; }
.goal { stroke: #f0883e; }
.goal-halo { stroke: #0d1117; }
.goal-text { fill: #f0883e; }
}`;
