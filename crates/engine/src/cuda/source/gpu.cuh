// The hardware.
#define FN __device__ __forceinline__
#define THREAD threadIdx.x
#define BARRIER() __syncthreads()
#define FENCE() __threadfence()
#define SHARED __shared__

template <class T>
FN T exchange(T x, int reach) {
  return __shfl_xor_sync(0xffffffffu, x, reach);
}
FN unsigned int next(unsigned int* counter) { return atomicAdd(counter, 1u); }
FN bool claim(unsigned long long* place, unsigned long long value) { return atomicCAS(place, 0ull, value) == 0ull; }
