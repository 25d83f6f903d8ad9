import { useQuery } from "@tanstack/react-query";
import { data } from "@/api/client";
import { useApi } from "@/api/context";
import type { components } from "@/api/schema";
import type { Why } from "@/api/types";
import { ErrorNotice } from "@/components/ErrorNotice";
import { Loading } from "@/components/Loading";
import { Time } from "@/components/Time";
import { Conditions, Truth } from "@/features/playback/Conditions";
import { shownValue, words } from "@/features/playback/events";
import { iso } from "@/features/playback/pages";
import styles from "@/features/playback/WhyPanel.module.css";
import { decimal, price, quantity, signedMoney } from "@/format/numbers";

type Trigger = components["schemas"]["TriggerWhy"];
type Rule = components["schemas"]["RuleWhy"];

interface Props {
  runId: string;
  symbol: string;
  /** The bar to explain; null until it is known. */
  bar: number | null;
  /** It plays, which is faster than a bar can be explained. */
  isPlaying: boolean;
}

/** Why, or why not: every condition of every rule at the bar under the cursor. */
export function WhyPanel({ runId, symbol, bar, isPlaying }: Props) {
  const api = useApi();
  const why = useQuery({
    queryKey: ["playback", runId, "why", symbol, bar],
    queryFn: ({ signal }) =>
      data(
        api.GET("/backtests/{run_id}/why", {
          params: { path: { run_id: runId }, query: { at: iso(bar ?? 0), symbol } },
          signal,
        }),
      ),
    enabled: bar !== null && !isPlaying,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
  });
  if (isPlaying) return <p className={styles.hint}>Pause to see which conditions held at a bar, and why.</p>;
  if (why.isError) {
    return (
      <ErrorNotice
        error={why.error}
        what="This bar could not be explained"
        onRetry={() => void why.refetch()}
      />
    );
  }
  if (!why.data) return <Loading height={200} label="Folding the run up to this bar" />;
  return <Explanation why={why.data} />;
}

function Explanation({ why }: { why: Why }) {
  return (
    <div className={styles.why}>
      <p className={styles.hint}>
        Bar of <Time iso={why.bar.timestamp} />, at its close:{" "}
        {why.position
          ? `${why.position.side} ${quantity(why.position.qty)} for ${why.position.bars_held} bars, ${signedMoney(why.position.pnl)}`
          : "no position"}
        .
      </p>
      <Outcome why={why} />
      {why.triggers.map((trigger) => (
        <TriggerPart key={trigger.trigger_id} trigger={trigger} />
      ))}
      {why.limits.length > 0 && (
        <section>
          <h3>Limits</h3>
          <dl className={styles.values}>
            {why.limits.map((limit) => (
              <div key={limit.name}>
                <dt>{words(limit.name)}</dt>
                <dd className="num">
                  {limit.now !== null && <>{decimal(limit.now)} of </>}
                  {typeof limit.limit === "number" ? decimal(limit.limit) : words(limit.limit)}
                </dd>
              </div>
            ))}
          </dl>
        </section>
      )}
    </div>
  );
}

function Outcome({ why }: { why: Why }) {
  const { decision } = why;
  return (
    <div className={styles.decision}>
      {why.latched_by && <p>Shut for the day by {why.latched_by}.</p>}
      {why.walked_away && <p>The run has walked away from the market.</p>}
      {decision === null ? (
        <p>Nothing was ordered.</p>
      ) : (
        <>
          <p>
            <strong>
              {words(decision.order)} order, {words(decision.outcome)}
            </strong>
            {decision.trigger_id && ` of ${decision.trigger_id}`} ({words(decision.reason)})
          </p>
          {decision.fills.map((fill) => (
            <p key={`${fill.timestamp} ${fill.side} ${fill.qty}`}>
              {fill.side} {quantity(fill.qty)} at {price(fill.price)}, <Time iso={fill.timestamp} />
              {fill.pnl !== null && fill.pnl !== 0 && `, ${signedMoney(fill.pnl)}`}
              {fill.bound_by && `; size by ${words(fill.bound_by)}`}
            </p>
          ))}
          {decision.block && <Block block={decision.block} />}
        </>
      )}
    </div>
  );
}

function TriggerPart({ trigger }: { trigger: Trigger }) {
  const notes = [trigger.direction, words(trigger.category)];
  if (trigger.confidence) notes.push(`confidence ${trigger.confidence}`);
  if (trigger.timeframe) notes.push(trigger.timeframe);
  return (
    <section>
      <h3>
        {trigger.trigger_id} <span className={styles.notes}>{notes.join(" · ")}</span>
      </h3>
      {trigger.rules.map((rule) => (
        <RulePart key={rule.rule} rule={rule} />
      ))}
    </section>
  );
}

const OUTCOMES: Record<Rule["outcome"], string> = {
  order: "ordered",
  waits: "its order rests already",
  blocked: "blocked",
  held_back: "true, but not asked",
  none: "",
};

function RulePart({ rule }: { rule: Rule }) {
  return (
    <div className={styles.rule} data-counts={rule.counts}>
      <div className={styles.ruleHead}>
        <span>
          <Truth value={rule.truth} /> <strong>{rule.rule}</strong>
        </span>
        {OUTCOMES[rule.outcome] && <span className={styles.outcome}>{OUTCOMES[rule.outcome]}</span>}
      </div>
      <Conditions conditions={[rule.condition]} />
      {!rule.counts && <p className={styles.because}>Does not count: {rule.counts_because}</p>}
      {rule.timeframe_closed === false && (
        <p className={styles.because}>No bar of the trigger's timeframe closes here.</p>
      )}
      {rule.block && <Block block={rule.block} />}
    </div>
  );
}

/** What blocked it, with its values. */
function Block({ block }: { block: Record<string, unknown> }) {
  const { reason, ...values } = block;
  return (
    <div className={styles.block}>
      <strong>Blocked: {words(reason)}</strong>
      <dl className={styles.values}>
        {Object.entries(values).map(([name, value]) => (
          <div key={name}>
            <dt>{words(name)}</dt>
            <dd className="num">{shownValue(value)}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
