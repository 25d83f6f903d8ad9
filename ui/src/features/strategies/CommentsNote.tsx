import styles from "@/features/strategies/Strategies.module.css";

/** A kept document is data: what YAML says beside it is gone. */
export function CommentsNote({ text }: { text: string }) {
  if (!/(^|\s)#/.test(text)) return null;
  return <p className={styles.note}>Comments are not kept: a saved strategy is its fields alone.</p>;
}
