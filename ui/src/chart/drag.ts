/**
 * Drag a chart sideways by the distance of each move. The library's own drag counts from where it began and
 * jumps when bars are added on the right meanwhile, which is what happens to a window that moves along.
 */
import type { IChartApi, Logical } from "lightweight-charts";

/** Options of the chart that leave the dragging to `dragBy`. */
export const DRAGGED_HERE = {
  handleScroll: { pressedMouseMove: false, horzTouchDrag: false, vertTouchDrag: false, mouseWheel: true },
} as const;

export function dragBy(box: HTMLElement, chart: IChartApi, signal: AbortSignal): void {
  let last: number | null = null;
  let pointer: number | null = null;
  box.style.touchAction = "pan-y";
  box.addEventListener("pointerdown", begin, { signal });
  window.addEventListener("pointermove", move, { signal });
  window.addEventListener("pointerup", end, { signal });
  window.addEventListener("pointercancel", end, { signal });

  function begin(event: PointerEvent): void {
    const inside = event.clientX - box.getBoundingClientRect().left;
    const below = event.clientY - box.getBoundingClientRect().top;
    const scale = chart.timeScale();
    if (event.button !== 0 || inside > scale.width() || below > box.clientHeight - scale.height()) return;
    // A second finger zooms.
    last = pointer === null ? event.clientX : null;
    pointer = event.pointerId;
  }

  function move(event: PointerEvent): void {
    if (last === null || event.pointerId !== pointer) return;
    const scale = chart.timeScale();
    const width =
      (scale.logicalToCoordinate(1 as Logical) ?? 0) - (scale.logicalToCoordinate(0 as Logical) ?? 0);
    if (width <= 0) return;
    scale.scrollToPosition(scale.scrollPosition() - (event.clientX - last) / width, false);
    last = event.clientX;
  }

  function end(event: PointerEvent): void {
    if (event.pointerId !== pointer) return;
    last = null;
    pointer = null;
  }
}
