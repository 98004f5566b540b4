// Reads safetensors files of golden numbers: a header in JSON, then the bytes of each tensor.
// For tests alone; models read theirs on the native side.
import { readFileSync } from "node:fs";
import { type Tensor, tensor } from "thalweg";

interface Entry {
  readonly dtype: string;
  readonly shape: number[];
  readonly data_offsets: [number, number];
}

function elements(dtype: string, bytes: ArrayBuffer): Float32Array | BigInt64Array | Uint8Array {
  if (dtype === "F32") return new Float32Array(bytes);
  if (dtype === "I64") return new BigInt64Array(bytes);
  if (dtype === "BOOL") return new Uint8Array(bytes);
  throw new Error(`no element type of golden numbers: ${dtype}`);
}

/** All tensors of a file by name. */
export function readSafetensors(path: string): Map<string, Tensor> {
  const file = readFileSync(path);
  const length = Number(file.readBigUInt64LE(0));
  const header: Record<string, Entry> = JSON.parse(file.toString("utf8", 8, 8 + length));
  const entries = Object.entries(header).filter(([name]) => name !== "__metadata__");
  return new Map(
    entries.map(([name, { dtype, shape, data_offsets }]) => {
      const [start, stop] = data_offsets.map((offset) => 8 + length + offset);
      const bytes = file.buffer.slice(file.byteOffset + start, file.byteOffset + stop) as ArrayBuffer;
      const options = dtype === "BOOL" ? ({ dtype: "bool", shape } as const) : { shape };
      return [name, tensor(elements(dtype, bytes), options)];
    }),
  );
}
