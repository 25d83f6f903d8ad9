import { type ISeriesApi, LineStyle, type SeriesType } from "lightweight-charts";
import { colour } from "@/shell/theme";

/** Draw a line at zero across the chart of a series, in the theme's colour; return what takes it away. */
export function drawZero(series: ISeriesApi<SeriesType> | undefined): () => void {
  const line = series?.createPriceLine({
    price: 0,
    color: colour("line-strong"),
    lineWidth: 1,
    lineStyle: LineStyle.Solid,
    axisLabelVisible: false,
  });
  return () => {
    if (line) series?.removePriceLine(line);
  };
}
