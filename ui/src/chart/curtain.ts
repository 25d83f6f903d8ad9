/** What lies after the cursor: dimmed, or hidden where a replay must not tell the future; and the cursor itself. */
import type {
  IChartApi,
  IPrimitivePaneRenderer,
  IPrimitivePaneView,
  ISeriesPrimitive,
  Logical,
  SeriesAttachedParameter,
  Time,
} from "lightweight-charts";
import { colour } from "@/shell/theme";

/** One for all panes of a chart: whoever changes it says `redraw`. */
export interface CurtainState {
  /** The last bar that is seen, as the chart counts; null: no curtain. */
  index: number | null;
  isOpaque: boolean;
}

const DIMMED = 0.45;

/** Belongs to a series of its pane: what belongs to a pane alone is drawn below the series, whatever it asks. */
export class Curtain implements ISeriesPrimitive<Time> {
  private readonly chart: IChartApi;
  private readonly state: CurtainState;
  private readonly views: IPrimitivePaneView[];
  private update: (() => void) | null = null;

  constructor(chart: IChartApi, state: CurtainState) {
    this.chart = chart;
    this.state = state;
    const renderer: IPrimitivePaneRenderer = { draw: (target) => this.draw(target) };
    this.views = [{ zOrder: () => "top", renderer: () => renderer }];
  }

  attached(parameter: SeriesAttachedParameter<Time>): void {
    this.update = parameter.requestUpdate;
  }

  detached(): void {
    this.update = null;
  }

  redraw(): void {
    this.update?.();
  }

  paneViews(): readonly IPrimitivePaneView[] {
    return this.views;
  }

  private draw(target: Parameters<IPrimitivePaneRenderer["draw"]>[0]): void {
    // biome-ignore lint/correctness/useHookAtTopLevel: the library's canvas target, no hook
    target.useMediaCoordinateSpace(({ context, mediaSize }) => {
      const edge = this.edge();
      if (edge === null) return;
      const left = Math.max(0, edge);
      if (left < mediaSize.width) {
        context.globalAlpha = this.state.isOpaque ? 1 : DIMMED;
        context.fillStyle = colour("surface-1");
        context.fillRect(left, 0, mediaSize.width - left, mediaSize.height);
        context.globalAlpha = 1;
      }
      context.fillStyle = colour("accent");
      context.fillRect(Math.round(edge), 0, 1, mediaSize.height);
    });
  }

  /** Where the last bar that is seen ends. */
  private edge(): number | null {
    if (this.state.index === null) return null;
    const scale = this.chart.timeScale();
    const middle = scale.logicalToCoordinate(this.state.index as Logical);
    const next = scale.logicalToCoordinate((this.state.index + 1) as Logical);
    return middle === null || next === null ? null : middle + (next - middle) / 2;
  }
}
