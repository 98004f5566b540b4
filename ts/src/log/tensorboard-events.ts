// TensorBoard's files: protocol buffers (Event, Summary, SessionLog) in frames with checksums (TFRecord).
// Fields and frames as in TensorFlow's event.proto, summary.proto and record_writer; only what scalars need.
import type { PbfWriter } from "pbf";
import { lazily } from "../native.js";

/** CRC-32C (Castagnoli) of bytes, as a signed 32-bit integer. */
const castagnoli = lazily<{ buf(bytes: Uint8Array): number }>("crc-32/crc32c");

/** What a file says of one moment. */
export interface BoardEvent {
  /** Seconds since 1970. */
  readonly wallTime: number;
  readonly step?: number;
  /** Says which format the file has: the first event of each. */
  readonly fileVersion?: string;
  /** Scalars by their tags. */
  readonly scalars?: Readonly<Record<string, number>>;
  /** Whether a session begins, at whose step readers forget what they have of later ones. */
  readonly starts?: boolean;
}

/** Numbers of fields. */
const EVENT = { wallTime: 1, step: 2, fileVersion: 3, summary: 5, sessionLog: 7 };
const SUMMARY = { value: 1 };
const VALUE = { tag: 1, simpleValue: 2 };
const SESSION_LOG = { status: 1 };

/** SessionLog.SessionStatus.START. */
const START = 1;

function writeScalar([tag, value]: readonly [string, number], writer: PbfWriter): void {
  writer.writeStringField(VALUE.tag, tag);
  writer.writeFloatField(VALUE.simpleValue, value);
}

function writeEvent({ wallTime, step, fileVersion, scalars, starts }: BoardEvent, writer: PbfWriter): void {
  writer.writeDoubleField(EVENT.wallTime, wallTime);
  if (step !== undefined) writer.writeVarintField(EVENT.step, step);
  if (fileVersion !== undefined) writer.writeStringField(EVENT.fileVersion, fileVersion);
  if (scalars !== undefined) {
    const each = (entries: readonly (readonly [string, number])[], summary: PbfWriter) => {
      for (const entry of entries) summary.writeMessage(SUMMARY.value, writeScalar, entry);
    };
    writer.writeMessage(EVENT.summary, each, Object.entries(scalars));
  }
  if (starts) {
    writer.writeMessage(EVENT.sessionLog, (status, log) => log.writeVarintField(SESSION_LOG.status, status), START);
  }
}

/** The checksum of a frame: CRC-32C, turned and shifted, so that the checksum of bytes that hold checksums is sound. */
function masked(bytes: Uint8Array): number {
  const crc = castagnoli().buf(bytes) >>> 0;
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** Bytes as a record of a file of records: length, its checksum, the bytes, their checksum. */
function framed(bytes: Uint8Array): Uint8Array {
  const frame = Buffer.alloc(bytes.length + 16);
  frame.writeBigUInt64LE(BigInt(bytes.length), 0);
  frame.writeUInt32LE(masked(frame.subarray(0, 8)), 8);
  frame.set(bytes, 12);
  frame.writeUInt32LE(masked(bytes), 12 + bytes.length);
  return frame;
}

/** Events as they lie in a file, one after the other. */
export async function boardBytes(events: readonly BoardEvent[]): Promise<Uint8Array> {
  const { PbfWriter } = await import("pbf");
  const frames = events.map((event) => {
    const writer = new PbfWriter();
    writeEvent(event, writer);
    return framed(writer.finish());
  });
  return Buffer.concat(frames);
}
