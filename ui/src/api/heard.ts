/**
 * What was heard of one run. Messages may come twice, and what was missed after what is newer: the API posts what
 * happens from one place and what a client missed from another. Sequences rise, not by one: a hole does not show.
 */
import type { webhooks } from "@/api/schema";

export type LiveMessage = webhooks["live"]["post"]["requestBody"]["content"]["application/json"];
export type Numbered = Extract<LiveMessage, { sequence: number }>;
export type Subscribed = Extract<LiveMessage, { type: "subscribed" }>;
type Snapshot = Subscribed["runs"][number];

/** Messages of some fifteen seconds: what is late by more is taken for heard. */
export const MOST_BEYOND = 64;

export class Heard {
  /** Everything up to it was heard, or is waited for no more. */
  private low = -1;
  /** What was heard beyond it. */
  private readonly beyond = new Set<number>();
  /** Of what says a state only what is newer than this is taken. */
  private readonly newest = { progress: -1, status: -1 };

  /** The sequence after which to go on, so that holes are filled; null: from the beginning. */
  get since(): number | null {
    return this.low < 0 ? null : this.low;
  }

  /** Take a message; return whether it says anything new. */
  isNews(message: Numbered): boolean {
    const { sequence } = message;
    if (sequence <= this.low || this.beyond.has(sequence)) return false;
    this.beyond.add(sequence);
    if (this.beyond.size > MOST_BEYOND) {
      this.low = Math.min(...this.beyond);
      this.beyond.delete(this.low);
    }
    if (message.type !== "progress" && message.type !== "status") return true;
    if (sequence <= this.newest[message.type]) return false;
    this.newest[message.type] = sequence;
    return true;
  }

  /**
   * Take a snapshot; return whether it is newer than the states that were heard. It stands for the progress up to
   * its sequence, but for nothing that adds: messages before it may still be on their way.
   */
  isAhead({ sequence }: Snapshot): boolean {
    if (sequence <= Math.max(this.newest.progress, this.newest.status)) return false;
    this.newest.progress = sequence;
    return true;
  }

  /** Wait for everything again: of a run that is not watched only states are told. */
  fromTheBeginning(): void {
    this.low = -1;
    this.beyond.clear();
  }
}
