import { LinkButton } from "@/components/LinkButton";
import { Notice } from "@/components/Notice";

/** Where there is no run at all: how to come by one. */
export function FirstRun() {
  return (
    <Notice
      title="No run yet"
      actions={
        <>
          <LinkButton to="/new" kind="primary" icon="plus">
            New run
          </LinkButton>
          <LinkButton to="/data" icon="candles">
            Candles that are held
          </LinkButton>
        </>
      }
    >
      A run is one strategy over candles. Choose a preset and a symbol under New run, or let a terminal bring
      candles and the first run: <code>stepfold demo</code>. Every run stays here, with what it did and why.
    </Notice>
  );
}
