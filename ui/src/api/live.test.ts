import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { MOST_BEYOND } from "@/api/heard";
import { type LiveMessage, LiveSocket, type Socket } from "@/api/live";

class FakeSocket implements Socket {
  said: Record<string, unknown>[] = [];
  closed = false;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: (() => void) | null = null;

  send(text: string) {
    this.said.push(JSON.parse(text));
  }

  close() {
    this.closed = true;
    this.onclose?.();
  }

  tell(message: object) {
    this.onmessage?.({ data: JSON.stringify(message) });
  }

  opened() {
    this.onopen?.();
    this.tell({ type: "subscribed", all: true, runs: [] });
  }
}

let sockets: FakeSocket[];
let heard: LiveMessage[];
let live: LiveSocket;

beforeEach(() => {
  vi.useFakeTimers();
  sockets = [];
  heard = [];
  live = new LiveSocket({
    address: async () => "ws://here/live",
    connect: () => {
      const socket = new FakeSocket();
      sockets.push(socket);
      return socket;
    },
    hear: (message) => heard.push(message),
  });
});

afterEach(() => {
  live.stop();
  vi.useRealTimers();
});

async function opened(): Promise<FakeSocket> {
  await vi.advanceTimersByTimeAsync(60_000);
  const socket = sockets.at(-1) as FakeSocket;
  socket.opened();
  return socket;
}

function progress(sequence: number, percent: number) {
  return { type: "progress", run_id: "bt-1", sequence, progress_pct: percent };
}

test("it is up once the API has answered, and down when it closes", async () => {
  const changes: boolean[] = [];
  live.onChange(() => changes.push(live.isUp()));
  live.start();
  await vi.advanceTimersByTimeAsync(0);
  sockets[0]?.onopen?.();
  expect(live.isUp()).toBe(false);
  sockets[0]?.tell({ type: "subscribed", all: true, runs: [] });
  sockets[0]?.close();
  expect(changes).toEqual([true, false]);
});

test("a socket that closes is opened again, later each time, until it is had", async () => {
  live.start();
  await vi.advanceTimersByTimeAsync(0);
  for (const pause of [1_000, 2_000, 4_000]) {
    sockets.at(-1)?.close();
    const before = sockets.length;
    await vi.advanceTimersByTimeAsync(pause - 1);
    expect(sockets.length).toBe(before);
    await vi.advanceTimersByTimeAsync(1);
    expect(sockets.length).toBe(before + 1);
  }
  sockets.at(-1)?.opened();
  sockets.at(-1)?.close();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(sockets.length).toBe(5);
});

test("a run that is watched goes on where messages may be missing, and nothing is heard twice", async () => {
  live.start();
  const first = await opened();
  const forget = live.watch("bt-1");
  live.watch("bt-1");
  expect(first.said.slice(1)).toEqual([{ action: "subscribe", runs: { "bt-1": null } }]);
  first.tell(progress(64, 10));
  first.tell(progress(65, 20));
  first.close();
  const second = await opened();
  expect(second.said[0]).toMatchObject({ action: "subscribe", all: true, runs: { "bt-1": null } });
  second.tell(progress(65, 20));
  second.tell(progress(96, 30));
  expect(heard.filter((message) => message.type === "progress").map((m) => m.progress_pct)).toEqual([
    10, 20, 30,
  ]);
  forget();
  expect(second.said.length).toBe(1);
});

test("the progress went back to the beginning for a page that came late", async () => {
  live.start();
  const socket = await opened();
  live.watch("bt-1");
  const snapshot = { run_id: "bt-1", sequence: 95, progress_pct: 60 };
  socket.tell({ type: "subscribed", all: true, runs: [snapshot] });
  // What was missed follows, from the beginning.
  socket.tell(progress(32, 10));
  socket.tell({ type: "fill", run_id: "bt-1", sequence: 33 });
  socket.tell(progress(65, 60));
  socket.tell(progress(96, 70));
  expect(heard.map((message) => message.type)).toEqual(["subscribed", "subscribed", "fill", "progress"]);
  expect(heard.at(-1)).toMatchObject({ progress_pct: 70 });
});

function fill(sequence: number) {
  return { type: "fill", run_id: "bt-1", sequence, attempt: 1 };
}

/** The sequences of the fills that were heard, as they came. */
function fills(): number[] {
  return heard.flatMap((message) => (message.type === "fill" ? [message.sequence] : []));
}

test("what was missed was dropped when something newer came before it", async () => {
  live.start();
  const first = await opened();
  live.watch("bt-1");
  first.tell(fill(64));
  first.tell(progress(65, 10));
  first.close();
  const second = await opened();
  // Pushed before what was missed.
  second.tell(fill(128));
  second.tell(progress(129, 40));
  for (const sequence of [64, 96, 128]) {
    second.tell(fill(sequence));
    second.tell(progress(sequence + 1, 30));
  }
  expect(fills()).toEqual([64, 128, 96]);
  expect(heard.flatMap((m) => (m.type === "progress" ? [m.progress_pct] : []))).toEqual([10, 40]);
});

test("what was missed is asked for again when the connection breaks off before it came", async () => {
  live.start();
  const first = await opened();
  live.watch("bt-1");
  for (let sequence = 0; sequence <= 2 * MOST_BEYOND; sequence += 1) first.tell(fill(sequence));
  first.close();
  const second = await opened();
  expect(second.said[0]).toMatchObject({ runs: { "bt-1": MOST_BEYOND } });
  second.tell(fill(1_000));
  second.close();
  const third = await opened();
  const { runs } = third.said[0] as { runs: Record<string, number> };
  expect(runs["bt-1"]).toBeLessThanOrEqual(2 * MOST_BEYOND);
  third.tell(fill(500));
  expect(fills().slice(-2)).toEqual([1_000, 500]);
});

test("a status is not old for newer progress", async () => {
  live.start();
  const socket = await opened();
  socket.tell(progress(96, 20));
  socket.tell({ type: "status", run_id: "bt-1", sequence: 65, status: "running" });
  socket.tell({ type: "status", run_id: "bt-1", sequence: 33, status: "queued" });
  expect(heard.flatMap((m) => (m.type === "status" ? [m.status] : []))).toEqual(["running"]);
});

test("a run that was in a list is told from the beginning when it is watched", async () => {
  live.start();
  const socket = await opened();
  for (let sequence = 1; sequence <= 2 * MOST_BEYOND; sequence += 1) socket.tell(progress(sequence, 10));
  live.watch("bt-1");
  expect(socket.said.at(-1)).toEqual({ action: "subscribe", runs: { "bt-1": null } });
  socket.tell(fill(1));
  socket.tell(progress(2, 5));
  expect(fills()).toEqual([1]);
  expect(heard.at(-1)?.type).toBe("fill");
});

test("a gap leaves where to go on: what is late after it is still taken", async () => {
  live.start();
  const first = await opened();
  live.watch("bt-1");
  first.tell({ type: "gap", run_id: "bt-1", after: null });
  first.tell(fill(6_400));
  first.tell(fill(3_200));
  expect(fills()).toEqual([6_400, 3_200]);
  first.close();
  expect((await opened()).said[0]).toMatchObject({ runs: { "bt-1": null } });
});

test("a snapshot that is older than what was heard says nothing", async () => {
  live.start();
  const socket = await opened();
  socket.tell(progress(64, 20));
  socket.tell({ type: "subscribed", all: true, runs: [{ run_id: "bt-1", sequence: 63, progress_pct: 10 }] });
  expect(heard.at(-1)).toMatchObject({ type: "subscribed", runs: [] });
});

test("who watches no more is told of a run no more", async () => {
  live.start();
  const socket = await opened();
  live.watch("bt-1")();
  expect(socket.said.at(-1)).toEqual({ action: "unsubscribe", runs: ["bt-1"] });
});

test("it says every minute that it is there", async () => {
  live.start();
  const socket = await opened();
  await vi.advanceTimersByTimeAsync(120_000);
  expect(socket.said.slice(1)).toEqual([{ action: "ping" }, { action: "ping" }]);
});

test("an address that cannot be had is asked for again", async () => {
  let tries = 0;
  const refused = new LiveSocket({
    address: async () => {
      tries += 1;
      throw new Error("401");
    },
    connect: () => new FakeSocket(),
    hear: () => undefined,
  });
  refused.start();
  await vi.advanceTimersByTimeAsync(3_000);
  expect(tries).toBe(3);
  refused.stop();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(tries).toBe(3);
});

test("once stopped it stays closed", async () => {
  live.start();
  const socket = await opened();
  live.stop();
  expect(socket.closed).toBe(true);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(sockets.length).toBe(1);
  expect(live.isUp()).toBe(false);
});
