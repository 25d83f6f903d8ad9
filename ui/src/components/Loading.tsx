import styles from "@/components/Loading.module.css";

/** A place-holder of the size of what will come, so that nothing jumps when it does. */
export function Loading({ height = 120, label = "Loading" }: { height?: number | string; label?: string }) {
  return (
    <div className={styles.loading} style={{ height }} role="status" aria-label={label}>
      <span className="visually-hidden">{label}</span>
    </div>
  );
}
