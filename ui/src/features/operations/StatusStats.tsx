import { useConfig } from "@/api/context";
import { ErrorNotice } from "@/components/ErrorNotice";
import { Loading } from "@/components/Loading";
import { Stat, Stats } from "@/components/Stat";
import { useStatus } from "@/features/operations/queries";
import { integer } from "@/format/numbers";

/** Whether the service stands, which stage it is, and in which versions. */
export function StatusStats() {
  const asked = useStatus();
  const { apiUrl, login } = useConfig();
  if (asked.isPending) return <Loading height={64} label="Loading the status" />;
  if (!asked.data) {
    return (
      <ErrorNotice
        error={asked.error}
        what="The status could not be loaded"
        onRetry={() => void asked.refetch()}
      />
    );
  }
  const status = asked.data;
  return (
    <Stats>
      <Stat
        label="API"
        value={asked.isError ? "does not answer" : "answers"}
        tone={asked.isError ? "down" : "up"}
        below={asked.isError ? "as it was last" : `in ${integer(status.tookMs)} ms`}
        title={apiUrl}
      />
      <Stat label="Stage" value={status.stage} />
      <Stat
        label="Login"
        value={status.auth === "none" ? "none" : (login?.kind ?? "token")}
        below={`as ${status.owner.slice(0, 16)}`}
        title={status.auth === "none" ? "Whoever reaches this stage may use it" : status.owner}
      />
      <Stat label="API version" value={status.api_version} />
      <Stat label="Engine" value={status.engine_version} title="A part of every run's fingerprint" />
      <Stat label="Schema" value={status.schema_version} title="Of the result files" />
      <Stat label="Writer" value={status.writer_version} title="Of the result files" />
    </Stats>
  );
}
