// libcudashim.a: the functions of the driver, cuBLAS, cuBLASLt, cuRAND and NVRTC as jumps of our own, which open the library at the first call.
// An addon that is linked with it needs no CUDA library to load, and where one is missing a call answers with an error of that library.
// A function is a jump through a slot. The slot first leads to code that saves the registers of arguments, looks the function up,
// and puts it, or the function that answers with the error, in its place.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hashOf, textOf } from "../lib/files.mjs";
import { root } from "../lib/paths.mjs";
import { Failure, run } from "../lib/process.mjs";
import { driverFunctions } from "./toolkit.mjs";

/** Each library: the file to open, what must be open before it, the names of its functions, and the error where it is missing. */
const libraries = [
  { key: "driver", file: "libcuda.so.1", before: "", prefix: /^cu[A-Z]/, error: 34 },
  { key: "cublas", file: "libcublas.so.13", before: "libcublasLt.so.13", prefix: /^cublas(?!Lt)[A-Z]/, error: 1 },
  { key: "cublaslt", file: "libcublasLt.so.13", before: "", prefix: /^cublasLt[A-Z]/, error: 1 },
  { key: "curand", file: "libcurand.so.10", before: "", prefix: /^curand[A-Z]/, error: 203 },
  { key: "nvrtc", file: "libnvrtc.so.13", before: "libnvrtc-builtins.so.13.0", prefix: /^nvrtc[A-Z]/, error: 11 },
];

/** Names of the functions of a shared library. */
function exported(file) {
  const { status, stdout } = spawnSync("nm", ["--dynamic", "--defined-only", "--format=posix", file], {
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  if (status !== 0) throw new Failure(`nm could not read ${file}. Remedy: install binutils.`);
  const rows = stdout.split("\n").map((line) => line.split(" "));
  return rows.filter(([, type]) => type === "T" || type === "W").map(([name]) => name.split("@")[0]);
}

/** Each library with its functions, none twice. */
function withFunctions(home) {
  const taken = new Set();
  return libraries.map((library) => {
    const all = library.key === "driver" ? driverFunctions(home) : exported(join(home, "lib", library.file));
    const functions = [...new Set(all)].filter((name) => library.prefix.test(name) && !taken.has(name)).sort();
    for (const name of functions) taken.add(name);
    return { ...library, functions };
  });
}

/** The jumps, and the code that their slots lead to first. */
function assembly(names) {
  const registers = ["rdi", "rsi", "rdx", "rcx", "r8", "r9", "rax", "r10"];
  const vectors = Array.from({ length: 8 }, (_, i) => i);
  const entries = names.map(
    (name, i) => `.globl ${name}
.hidden ${name}
.type ${name}, @function
${name}:
  jmp *thalweg_shim_slots+${8 * i}(%rip)
.Lfirst${i}:
  pushq $${i}
  jmp .Lresolve
.size ${name}, .-${name}`,
  );
  return `.text
${entries.join("\n")}
.Lresolve:
${registers.map((r) => `  pushq %${r}`).join("\n")}
  movq %rsp, %r10
  andq $-16, %rsp
  subq $144, %rsp
  movq %r10, 128(%rsp)
${vectors.map((i) => `  movups %xmm${i}, ${16 * i}(%rsp)`).join("\n")}
  movq ${8 * registers.length}(%r10), %rdi
  call thalweg_shim_resolve
  movq %rax, %r11
${vectors.map((i) => `  movups ${16 * i}(%rsp), %xmm${i}`).join("\n")}
  movq 128(%rsp), %rsp
${[...registers]
  .reverse()
  .map((r) => `  popq %${r}`)
  .join("\n")}
  addq $8, %rsp
  jmp *%r11
.data
.balign 8
.globl thalweg_shim_slots
.hidden thalweg_shim_slots
thalweg_shim_slots:
${names.map((_, i) => `  .quad .Lfirst${i}`).join("\n")}
.section .note.GNU-stack, "", @progbits
`;
}

/** What opens libraries and looks functions up. */
function lookup(all) {
  const names = all.flatMap(({ functions }) => functions);
  let end = 0;
  const rows = all.map(({ file, before, functions, key }) => {
    end += functions.length;
    return `  { ${end}, "${file}", "${before}", (void *)missing_${key}, 0 },`;
  });
  return `#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HIDDEN __attribute__((visibility("hidden")))

${all.map(({ key, error }) => `static int missing_${key}(void) { return ${error}; }`).join("\n")}
static const char *missing_text(void) { return "the CUDA library is not installed"; }

static struct { int end; const char *file, *before; void *missing, *handle; } libraries[] = {
${rows.join("\n")}
};
static const char *const names[] = {
${names.map((name) => `  "${name}",`).join("\n")}
};
extern HIDDEN void *thalweg_shim_slots[];

/* In the folders of THALWEG_CUDA_LIBRARIES (with ':' between them), then wherever the loader looks. */
static void *open_library(const char *file, const char *before) {
  char path[4096];
  for (const char *at = getenv("THALWEG_CUDA_LIBRARIES"); at && *at;) {
    int length = (int)strcspn(at, ":");
    if (length > 0) {
      if (*before && snprintf(path, sizeof path, "%.*s/%s", length, at, before) < (int)sizeof path) dlopen(path, RTLD_NOW | RTLD_GLOBAL);
      if (snprintf(path, sizeof path, "%.*s/%s", length, at, file) < (int)sizeof path) {
        void *handle = dlopen(path, RTLD_NOW | RTLD_GLOBAL);
        if (handle) return handle;
      }
    }
    at += length + (at[length] == ':');
  }
  return dlopen(file, RTLD_NOW | RTLD_GLOBAL);
}

/* A library that is missing is looked for again at the next call. */
HIDDEN void *thalweg_shim_resolve(long index) {
  int k = 0;
  while (index >= libraries[k].end) k++;
  void *handle = __atomic_load_n(&libraries[k].handle, __ATOMIC_ACQUIRE);
  if (!handle) {
    handle = open_library(libraries[k].file, libraries[k].before);
    if (!handle) {
      const char *name = names[index];
      int is_text = strstr(name, "GetErrorString") && name[0] != 'c';
      return is_text || strstr(name, "GetStatusString") || strstr(name, "GetStatusName") ? (void *)missing_text : libraries[k].missing;
    }
    __atomic_store_n(&libraries[k].handle, handle, __ATOMIC_RELEASE);
  }
  void *found = dlsym(handle, names[index]);
  if (!found) return libraries[k].missing;
  __atomic_store_n(&thalweg_shim_slots[index], found, __ATOMIC_RELEASE);
  return found;
}
`;
}

/** The folder of libcudashim.a, made where it is missing. */
export async function shim(home) {
  const folder = join(root, "target", "cuda", "shim");
  const [stamp, archive] = [join(folder, "stamp"), join(folder, "libcudashim.a")];
  const hash = hashOf(root, [join("scripts", "cuda", "shim.mjs"), join("scripts", "cuda", "requirements.txt")], [home]);
  if (textOf(stamp) === hash && existsSync(archive)) return folder;
  mkdirSync(folder, { recursive: true });
  const all = withFunctions(home);
  writeFileSync(join(folder, "jumps.S"), assembly(all.flatMap(({ functions }) => functions)));
  writeFileSync(join(folder, "lookup.c"), lookup(all));
  rmSync(archive, { force: true });
  const objects = ["jumps.S", "lookup.c"].map((file) => [join(folder, file), join(folder, `${file}.o`)]);
  for (const [source, object] of objects) {
    if (!(await run("gcc", ["-O2", "-fPIC", "-c", source, "-o", object])).ok)
      throw new Failure(`gcc could not compile ${source} (see above).`);
  }
  if (!(await run("ar", ["crs", archive, ...objects.map(([, object]) => object)])).ok)
    throw new Failure("ar failed (see above).");
  writeFileSync(stamp, hash);
  return folder;
}
