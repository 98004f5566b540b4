// Between the frames of a trajectory: a moment lies on the straight line from one frame to the next.
// Frames are far more than what an eye tells apart, so that no better interpolation is needed.

/** The values of a moment, of frames of `width` numbers each; written to `into`. */
export function momentOf(frames: Float32Array, width: number, moment: number, into: Float32Array): Float32Array {
  const last = frames.length / width - 1;
  const first = Math.min(Math.floor(Math.max(0, moment)), last);
  const next = Math.min(first + 1, last);
  const share = Math.min(1, Math.max(0, moment - first));
  for (let i = 0; i < width; i++) {
    const start = frames[first * width + i] as number;
    into[i] = start + ((frames[next * width + i] as number) - start) * share;
  }
  return into;
}
