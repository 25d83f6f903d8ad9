/**
 * The one socket of the page: what the API pushes of runs, for as long as it can be had.
 *
 * It opens again whenever it closes, later each time, and says up to where each run that is watched was heard, so
 * that nothing of these is missed. While it is down the page asks, as it did before there was one.
 */
import { Heard, type LiveMessage, type Subscribed } from "@/api/heard";
import type { webhooks } from "@/api/schema";

export type { LiveMessage };

type Said = webhooks["live/say"]["post"]["requestBody"]["content"]["application/json"];
/** What has a default may be left out; the types of answers, where it is always there, do not know that. */
type Briefly<Action> = Action extends { action: string } ? Partial<Action> & Pick<Action, "action"> : never;
export type LiveAction = Briefly<Said>;

/** The part of a browser's WebSocket that is used. */
export interface Socket {
  send(text: string): void;
  close(): void;
  onopen: (() => void) | null;
  onmessage: ((event: { data: string }) => void) | null;
  onclose: (() => void) | null;
}

export interface Ways {
  /** Return the address to connect to, with a ticket where the stage has a login. */
  address(): Promise<string>;
  connect(address: string): Socket;
  /** Hear each message once: progress and status in order, what adds to others in any. */
  hear(message: LiveMessage): void;
}

/** A gateway closes a connection on which nothing is said for ten minutes. */
const PING_MS = 60_000;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;
/** Of runs that nobody looks at, what a list shows. */
const OF_ALL: ("status" | "progress" | "workflow")[] = ["status", "progress", "workflow"];

export class LiveSocket {
  private readonly ways: Ways;
  private readonly listeners = new Set<() => void>();
  private readonly watched = new Map<string, number>();
  private readonly runs = new Map<string, Heard>();
  private socket: Socket | null = null;
  private pinging: ReturnType<typeof setInterval> | undefined;
  private again: ReturnType<typeof setTimeout> | undefined;
  private pause = FIRST_PAUSE_MS;
  private wanted = false;
  private up = false;

  constructor(ways: Ways) {
    this.ways = ways;
  }

  /** Whether what changes is pushed now. */
  readonly isUp = () => this.up;

  readonly onChange = (listener: () => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  start(): void {
    if (this.wanted) return;
    this.wanted = true;
    void this.open();
  }

  stop(): void {
    this.wanted = false;
    clearTimeout(this.again);
    this.socket?.close();
    this.closed(this.socket);
  }

  /** Hear everything of a run until the returned function is called, as often as this was. */
  watch(runId: string): () => void {
    const count = this.watched.get(runId) ?? 0;
    this.watched.set(runId, count + 1);
    if (count === 0) {
      this.of(runId).fromTheBeginning();
      if (this.up) this.say({ action: "subscribe", runs: this.since([runId]) });
    }
    return () => {
      const left = (this.watched.get(runId) ?? 1) - 1;
      if (left > 0) this.watched.set(runId, left);
      else {
        this.watched.delete(runId);
        this.runs.delete(runId);
        if (this.up) this.say({ action: "unsubscribe", runs: [runId] });
      }
    };
  }

  private async open(): Promise<void> {
    let socket: Socket;
    try {
      socket = this.ways.connect(await this.ways.address());
    } catch {
      this.openLater();
      return;
    }
    if (!this.wanted) {
      socket.close();
      return;
    }
    this.socket = socket;
    socket.onopen = () => {
      const runs = this.since([...this.watched.keys()]);
      this.say({ action: "subscribe", all: true, only: OF_ALL, runs });
      this.pinging = setInterval(() => this.say({ action: "ping" }), PING_MS);
    };
    socket.onmessage = (event) => this.heard(JSON.parse(event.data) as LiveMessage);
    socket.onclose = () => this.closed(socket);
  }

  private heard(message: LiveMessage): void {
    if (message.type === "subscribed" && !this.up) {
      this.pause = FIRST_PAUSE_MS;
      this.turn(true);
    }
    if ("sequence" in message && !this.of(message.run_id).isNews(message)) return;
    this.ways.hear(message.type === "subscribed" ? this.newest(message) : message);
  }

  /** Keep the snapshots that are no older than what was heard of their runs. */
  private newest(message: Subscribed): Subscribed {
    return { ...message, runs: message.runs.filter((run) => this.of(run.run_id).isAhead(run)) };
  }

  private of(runId: string): Heard {
    const held = this.runs.get(runId) ?? new Heard();
    this.runs.set(runId, held);
    return held;
  }

  private closed(socket: Socket | null): void {
    if (socket !== this.socket) return;
    this.socket = null;
    clearInterval(this.pinging);
    this.turn(false);
    if (this.wanted) this.openLater();
  }

  private openLater(): void {
    clearTimeout(this.again);
    if (!this.wanted) return;
    this.again = setTimeout(() => void this.open(), this.pause);
    this.pause = Math.min(LONGEST_PAUSE_MS, this.pause * 2);
  }

  private since(runIds: string[]): Record<string, number | null> {
    return Object.fromEntries(runIds.map((runId) => [runId, this.of(runId).since]));
  }

  private say(action: LiveAction): void {
    this.socket?.send(JSON.stringify(action));
  }

  private turn(up: boolean): void {
    if (up === this.up) return;
    this.up = up;
    for (const listener of this.listeners) listener();
  }
}
