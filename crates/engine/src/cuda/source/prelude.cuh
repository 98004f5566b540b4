// What all generated kernels share: element types, elementwise functions, random numbers, reductions within a block.
// It compiles as CUDA C++ for the GPU, and as C++ for the host (host.cuh in its place of the hardware).

typedef unsigned char u8;
typedef unsigned int u32;
typedef long long i64;
typedef unsigned long long u64;

#define THREADS 256

struct bf16 {
  unsigned short bits;
};

// Bits.

FN u32 bits_of(float x) {
  union { float f; u32 u; } both;
  both.f = x;
  return both.u;
}
FN float float_of(u32 bits) {
  union { float f; u32 u; } both;
  both.u = bits;
  return both.f;
}
FN double double_of(u64 bits) {
  union { double f; u64 u; } both;
  both.u = bits;
  return both.f;
}
FN bf16 bf16_of(unsigned short bits) {
  bf16 x;
  x.bits = bits;
  return x;
}

// Conversions: to nearest even, once; to integers towards zero, saturated, 0 for NaN.

FN float to_f32(float x) { return x; }
FN float to_f32(double x) { return (float)x; }
FN float to_f32(bf16 x) { return float_of((u32)x.bits << 16); }
FN float to_f32(i64 x) { return (float)x; }
FN float to_f32(u8 x) { return (float)x; }

FN double to_f64(float x) { return (double)x; }
FN double to_f64(double x) { return x; }
FN double to_f64(bf16 x) { return (double)to_f32(x); }
FN double to_f64(i64 x) { return (double)x; }
FN double to_f64(u8 x) { return (double)x; }

FN bf16 to_bf16(float x) {
  const u32 bits = bits_of(x);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return bf16_of((unsigned short)((bits >> 16) | 0x40u));
  return bf16_of((unsigned short)((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16));
}
FN bf16 to_bf16(double x) {
  // Rounded to odd first, so that the second rounding is the only one.
  const float near = (float)x;
  u32 bits = bits_of(near);
  if (x == x && (bits & 0x7fffffffu) < 0x7f800000u && (double)near != x) {
    if (fabs((double)near) > fabs(x)) bits -= 1u;
    bits |= 1u;
  }
  return to_bf16(float_of(bits));
}
FN bf16 to_bf16(bf16 x) { return x; }
FN bf16 to_bf16(i64 x) { return to_bf16((double)x); }
FN bf16 to_bf16(u8 x) { return to_bf16((float)x); }

FN i64 to_i64(double x) {
  if (x != x) return 0;
  if (x >= 9223372036854775808.0) return 0x7fffffffffffffffLL;
  if (x < -9223372036854775808.0) return -0x7fffffffffffffffLL - 1;
  return (i64)x;
}
FN i64 to_i64(float x) { return to_i64((double)x); }
FN i64 to_i64(bf16 x) { return to_i64((double)to_f32(x)); }
FN i64 to_i64(i64 x) { return x; }
FN i64 to_i64(u8 x) { return (i64)x; }

FN u8 to_bool(float x) { return x != 0.0f; }
FN u8 to_bool(double x) { return x != 0.0; }
FN u8 to_bool(bf16 x) { return to_f32(x) != 0.0f; }
FN u8 to_bool(i64 x) { return x != 0; }
FN u8 to_bool(u8 x) { return x != 0; }

// Functions of one number.

#define UNARY(name, single, twice) \
  FN float op_##name(float x) { return single; } \
  FN double op_##name(double x) { return twice; } \
  FN bf16 op_##name(bf16 b) { const float x = to_f32(b); return to_bf16(single); }

UNARY(neg, -x, -x)
UNARY(abs, fabsf(x), fabs(x))
UNARY(sign, x > 0.0f ? 1.0f : x < 0.0f ? -1.0f : x, x > 0.0 ? 1.0 : x < 0.0 ? -1.0 : x)
UNARY(floor, floorf(x), floor(x))
UNARY(exp, expf(x), exp(x))
UNARY(expm1, expm1f(x), expm1(x))
UNARY(log, logf(x), log(x))
UNARY(log1p, log1pf(x), log1p(x))
UNARY(sqrt, sqrtf(x), sqrt(x))
UNARY(recip, 1.0f / x, 1.0 / x)
UNARY(sin, sinf(x), sin(x))
UNARY(cos, cosf(x), cos(x))
UNARY(tan, tanf(x), tan(x))
UNARY(atan, atanf(x), atan(x))
UNARY(tanh, tanhf(x), tanh(x))
UNARY(sigmoid, 1.0f / (1.0f + expf(-x)), 1.0 / (1.0 + exp(-x)))
UNARY(erf, erff(x), erf(x))

FN i64 op_neg(i64 x) { return (i64)(0ull - (u64)x); }
FN i64 op_abs(i64 x) { return x < 0 ? op_neg(x) : x; }
FN i64 op_sign(i64 x) { return x > 0 ? 1 : x < 0 ? -1 : 0; }

FN u8 op_is_finite(float x) { return x - x == 0.0f; }
FN u8 op_is_finite(double x) { return x - x == 0.0; }
FN u8 op_is_finite(bf16 x) { return op_is_finite(to_f32(x)); }

// Functions of two.

#define BINARY(name, single, twice) \
  FN float op_##name(float a, float b) { return single; } \
  FN double op_##name(double a, double b) { return twice; } \
  FN bf16 op_##name(bf16 p, bf16 q) { const float a = to_f32(p), b = to_f32(q); return to_bf16(single); }

BINARY(add, a + b, a + b)
BINARY(sub, a - b, a - b)
BINARY(mul, a * b, a * b)
BINARY(div, a / b, a / b)
BINARY(maximum, (a != a || a > b) ? a : b, (a != a || a > b) ? a : b)
BINARY(minimum, (a != a || a < b) ? a : b, (a != a || a < b) ? a : b)
BINARY(pow, powf(a, b), pow(a, b))

FN i64 op_add(i64 a, i64 b) { return (i64)((u64)a + (u64)b); }
FN i64 op_sub(i64 a, i64 b) { return (i64)((u64)a - (u64)b); }
FN i64 op_mul(i64 a, i64 b) { return (i64)((u64)a * (u64)b); }
FN i64 op_div(i64 a, i64 b) {
  if (b == 0) return 0;
  if (b == -1) return op_neg(a);
  const i64 quotient = a / b, rest = a % b;
  return rest >= 0 ? quotient : b > 0 ? quotient - 1 : quotient + 1;
}
FN i64 op_maximum(i64 a, i64 b) { return a > b ? a : b; }
FN i64 op_minimum(i64 a, i64 b) { return a < b ? a : b; }
FN i64 op_pow(i64 a, i64 b) {
  u32 rest = b < 0 ? 0u : b > 0xffffffffLL ? 0xffffffffu : (u32)b;
  u64 power = (u64)a, result = 1;
  for (; rest > 0; rest >>= 1, power *= power) {
    if (rest & 1u) result *= power;
  }
  return (i64)result;
}

FN float op_mul_add(float a, float b, float c) { return fmaf(a, b, c); }
FN double op_mul_add(double a, double b, double c) { return fma(a, b, c); }
FN float op_two_products(float a, float b, float c, float d) { return fmaf(a, b, c * d); }
FN double op_two_products(double a, double b, double c, double d) { return fma(a, b, c * d); }

#define COMPARE(name, relation) \
  FN u8 op_##name(float a, float b) { return a relation b; } \
  FN u8 op_##name(double a, double b) { return a relation b; } \
  FN u8 op_##name(bf16 a, bf16 b) { return to_f32(a) relation to_f32(b); } \
  FN u8 op_##name(i64 a, i64 b) { return a relation b; } \
  FN u8 op_##name(u8 a, u8 b) { return a relation b; }

COMPARE(eq, ==)
COMPARE(ne, !=)
COMPARE(lt, <)
COMPARE(le, <=)
COMPARE(gt, >)
COMPARE(ge, >=)

FN u8 op_and(u8 a, u8 b) { return a != 0 && b != 0; }
FN u8 op_or(u8 a, u8 b) { return a != 0 || b != 0; }
FN u8 op_xor(u8 a, u8 b) { return (a != 0) != (b != 0); }

// Several elements at once.

template <class T, int N>
struct Pack {
  static const int BYTES = (int)sizeof(T) * N;
  struct alignas(BYTES > 16 ? 16 : BYTES) Line {
    T values[N];
  };
};
template <int N, class T>
FN void load(T* out, const T* from) {
  const typename Pack<T, N>::Line line = *(const typename Pack<T, N>::Line*)from;
#pragma unroll
  for (int k = 0; k < N; ++k) out[k] = line.values[k];
}
template <int N, class T>
FN void store(T* to, const T* from) {
  typename Pack<T, N>::Line line;
#pragma unroll
  for (int k = 0; k < N; ++k) line.values[k] = from[k];
  *(typename Pack<T, N>::Line*)to = line;
}

// How values are joined, and what nothing is.

struct Sum {
  static FN void start(float& x) { x = 0.0f; }
  static FN void start(double& x) { x = 0.0; }
  static FN void start(i64& x) { x = 0; }
  template <class T>
  static FN T join(T a, T b) {
    return op_add(a, b);
  }
};
struct Max {
  static FN void start(float& x) { x = float_of(0xff800000u); }
  static FN void start(double& x) { x = double_of(0xfff0000000000000ull); }
  static FN void start(i64& x) { x = -0x7fffffffffffffffLL - 1; }
  template <class T>
  static FN T join(T a, T b) {
    return op_maximum(a, b);
  }
};
template <class J, class T>
FN T nothing() {
  T x;
  J::start(x);
  return x;
}

// Joins the values of `N` neighbouring threads (a power of two, at most THREADS); all of them get the result.
template <class J, int N, class T>
FN T join_threads(T x, T* shared) {
#pragma unroll
  for (int reach = (N < 32 ? N : 32) / 2; reach > 0; reach /= 2) x = J::join(x, exchange(x, reach));
  if (N > 32) {
    const int warp = (int)THREAD / 32, first = warp / (N / 32) * (N / 32);
    BARRIER();
    if (THREAD % 32 == 0) shared[warp] = x;
    BARRIER();
    x = shared[first];
#pragma unroll
    for (int k = 1; k < N / 32; ++k) x = J::join(x, shared[first + k]);
  }
  return x;
}

// Joins the values of `DOWN` threads that are `SIDE` apart; the first of them gets the result.
template <class J, int SIDE, int DOWN, class T>
FN T join_columns(T x, T* shared) {
  if (DOWN == 1) return x;
  BARRIER();
  shared[THREAD] = x;
  BARRIER();
  if (THREAD / SIDE % DOWN == 0) {
#pragma unroll
    for (int k = 1; k < DOWN; ++k) x = J::join(x, shared[THREAD + k * SIDE]);
  }
  return x;
}

// Whether this block is the last of `blocks` to come here; what the others wrote before is then seen by all threads of this one.
FN bool is_last(u32* counter, u32 blocks, u32* shared) {
  FENCE();
  BARRIER();
  if (THREAD == 0) *shared = next(counter);
  BARRIER();
  const bool last = *shared == blocks - 1;
  if (last) {
    if (THREAD == 0) *counter = 0;
    FENCE();
  }
  return last;
}

// The index, or 0 after telling the host that it is not below `size`.
FN i64 checked(i64 index, i64 size, i64 position, i64 step, i64* wrong) {
  if (index >= 0 && index < size) return index;
  if (claim((u64*)wrong, (u64)(step + 1))) {
    wrong[1] = position;
    wrong[2] = index;
    wrong[3] = size;
  }
  return 0;
}

// Random numbers: Philox4x32-10 (Salmon, Moraes, Dror, Shaw, SC 2011), the words of the CPU.

struct Words {
  u32 w[4];
};
FN Words philox(u32 a, u32 b, u32 c, u32 d, u32 k0, u32 k1) {
#pragma unroll
  for (int round = 0; round < 10; ++round) {
    if (round > 0) {
      k0 += 0x9E3779B9u;
      k1 += 0xBB67AE85u;
    }
    const u64 low = (u64)0xD2511F53u * a, high = (u64)0xCD9E8D57u * c;
    const u32 na = (u32)(high >> 32) ^ b ^ k0, nc = (u32)(low >> 32) ^ d ^ k1;
    b = (u32)high;
    d = (u32)low;
    a = na;
    c = nc;
  }
  Words out;
  out.w[0] = a;
  out.w[1] = b;
  out.w[2] = c;
  out.w[3] = d;
  return out;
}
FN Words random_block(i64 seed, u64 stream, i64 counter, u64 block) {
  const Words key = philox((u32)stream, (u32)(stream >> 32), 0, 0, (u32)seed, (u32)((u64)seed >> 32));
  return philox((u32)block, (u32)(block >> 32), (u32)counter, (u32)((u64)counter >> 32), key.w[0], key.w[1]);
}
FN float unit_f32(u32 word) { return ((float)(word >> 9) + 0.5f) * (1.0f / 8388608.0f); }
FN double unit_f64(u32 low, u32 high) { return ((double)(((u64)high << 32 | low) >> 12) + 0.5) * (1.0 / 4503599627370496.0); }
FN double unit_word(u32 word) { return ((double)word + 0.5) * (1.0 / 4294967296.0); }
FN void box_muller(double u, double v, double* out) {
  const double radius = sqrt(-2.0 * log(u)), angle = 6.283185307179586 * v;
  out[0] = radius * cos(angle);
  out[1] = radius * sin(angle);
}
FN void uniform(const Words& w, float* out) {
#pragma unroll
  for (int k = 0; k < 4; ++k) out[k] = unit_f32(w.w[k]);
}
FN void uniform(const Words& w, double* out) {
  out[0] = unit_f64(w.w[0], w.w[1]);
  out[1] = unit_f64(w.w[2], w.w[3]);
}
FN void normal(const Words& w, float* out) {
  double pair[2];
  box_muller(unit_word(w.w[0]), unit_word(w.w[1]), pair);
  out[0] = (float)pair[0];
  out[1] = (float)pair[1];
  box_muller(unit_word(w.w[2]), unit_word(w.w[3]), pair);
  out[2] = (float)pair[0];
  out[3] = (float)pair[1];
}
FN void normal(const Words& w, double* out) { box_muller(unit_f64(w.w[0], w.w[1]), unit_f64(w.w[2], w.w[3]), out); }

// The order of sorted values: ascending, NaN last; equal ones by index.
template <class T>
FN bool is_before(T a, i64 i, T b, i64 j) {
  const bool an = op_ne(a, a), bn = op_ne(b, b);
  if (an || bn) return an == bn ? i < j : bn;
  return op_lt(a, b) || (op_eq(a, b) && i < j);
}
