// The host in the place of the hardware: a block's threads take turns, each up to the next barrier.
#include <math.h>
#include <string.h>
#include <ucontext.h>
#include <vector>

#define FN inline
#define __global__ static
#define __launch_bounds__(threads)
#define SHARED static
#define THREAD current
#define FENCE()
#define BARRIER() pause_thread()

static unsigned int current;
static struct { unsigned int x; } blockIdx;

static ucontext_t scheduler, contexts[256];
static bool done[256];
static void (*function)(void**);
static void** arguments;

static void pause_thread() {
  const unsigned int own = current;
  swapcontext(&contexts[own], &scheduler);
  current = own;
}

static void thread() {
  function(arguments);
  done[current] = true;
  swapcontext(&contexts[current], &scheduler);
}

// Whether blocks and threads come in the opposite order: a program must not care.
static bool backwards;
extern "C" void order(bool from_behind) { backwards = from_behind; }
static unsigned int nth(unsigned int k, unsigned int count) { return backwards ? count - 1 - k : k; }

// Threads that wait for each other need stacks of their own.
static void run(void (*of)(void**), void** with, unsigned int blocks, bool waits) {
  static std::vector<char> stacks(256 << 16);
  function = of;
  arguments = with;
  for (unsigned int b = 0; b < blocks; ++b) {
    blockIdx.x = nth(b, blocks);
    if (!waits) {
      for (unsigned int t = 0; t < 256; ++t) {
        current = nth(t, 256);
        of(with);
      }
      continue;
    }
    for (unsigned int t = 0; t < 256; ++t) {
      done[t] = false;
      getcontext(&contexts[t]);
      contexts[t].uc_stack.ss_sp = &stacks[t << 16];
      contexts[t].uc_stack.ss_size = 1 << 16;
      contexts[t].uc_link = &scheduler;
      makecontext(&contexts[t], thread, 0);
    }
    for (bool some = true; some;) {
      some = false;
      for (unsigned int k = 0; k < 256; ++k) {
        const unsigned int t = nth(k, 256);
        if (done[t]) continue;
        current = t;
        swapcontext(&scheduler, &contexts[t]);
        some = some || !done[t];
      }
    }
  }
}

template <class T>
FN T exchange(T x, int reach) {
  static T values[256];
  values[current] = x;
  pause_thread();
  const T other = values[current ^ reach];
  pause_thread();
  return other;
}
FN unsigned int next(unsigned int* counter) { return (*counter)++; }
FN bool claim(unsigned long long* place, unsigned long long value) {
  if (*place != 0) return false;
  *place = value;
  return true;
}
