"""Minimax polynomials of crates/lane/src/functions, by the exchange algorithm of Remez. Needs mpmath; prints Rust arrays.

Muller, "Elementary Functions" (3rd ed. 2016), section 3.5. Each fit minimises max |weight(x) (p(x) - f(x))| over an interval.
"""

import struct
import sys
from mpmath import mp, mpf, matrix, lu_solve, cos, pi, exp, log, sin, tan, tanh, atan, atanh, erf, erfc, sqrt, polyval, taylor

mp.prec = 240


def remez(f, weight, low, high, terms, grid=600):
    """Coefficients (constant first) of the best polynomial with `terms` terms, and the largest weighted error."""
    low, high = mpf(low), mpf(high)
    points = [(low + high) / 2 - (high - low) / 2 * cos(pi * (i + mpf(1) / 2) / (terms + 1)) for i in range(terms + 1)]
    xs = [(low + high) / 2 - (high - low) / 2 * cos(pi * (i + mpf(1) / 2) / grid) for i in range(grid)]
    fs, ws = [f(x) for x in xs], [weight(x) for x in xs]
    for _ in range(12):
        a, b = matrix(terms + 1, terms + 1), matrix(terms + 1, 1)
        for row, x in enumerate(points):
            for k in range(terms):
                a[row, k] = x**k
            a[row, terms] = (-1) ** row / weight(x)
            b[row] = f(x)
        solution = lu_solve(a, b)
        c = [solution[k] for k in range(terms)]
        errors = [w * (polyval(c[::-1], x) - y) for x, y, w in zip(xs, fs, ws)]
        # The largest error of each run of equal signs.
        extrema = []
        for x, e in zip(xs, errors):
            if extrema and (extrema[-1][1] > 0) == (e > 0):
                if abs(e) > abs(extrema[-1][1]):
                    extrema[-1] = (x, e)
            else:
                extrema.append((x, e))
        while len(extrema) > terms + 1:
            extrema.pop(0 if abs(extrema[0][1]) < abs(extrema[-1][1]) else -1)
        if len(extrema) < terms + 1:
            break
        points = [x for x, _ in extrema]
        worst = max(abs(e) for _, e in extrema)
        if worst < 1.01 * min(abs(e) for _, e in extrema):
            break
    return c, max(abs(e) for e in errors)


def rounded(x, single):
    return struct.unpack("f", struct.pack("f", float(x)))[0] if single else float(x)


def literal(x, single):
    """The shortest decimal that reads back."""
    if not single:
        return repr(float(x))
    x = rounded(x, True)
    for digits in range(1, 12):
        text = f"{x:.{digits}g}"
        if rounded(float(text), True) == x:
            return text if any(c in text for c in ".e") else text + ".0"


def show(name, f, weight, low, high, terms, single):
    c, error = remez(f, weight, low, high, terms)
    body = ", ".join(literal(x, single) for x in c)
    print(f"{name}: 2^{float(log(error) / log(2)):.1f}\n    [{body}]", flush=True)


ln2 = log(2)
edge = ln2 / 2 * mpf("1.01")
quarter = (pi / 4 * mpf("1.01")) ** 2
tiny = mpf(2) ** -60


def series(f, order):
    """Near 0 the closed form divides 0 by 0; the Taylor series there."""
    c = taylor(f, 0, order)
    return lambda x: polyval(c[::-1], x)


def tail_of_erfc(x):
    return -log(erfc(x))


def over(f, order, parity):
    """[f(r) - leading]/r^order as a function of z = r² (parity 2) or of r (parity 1), from the Taylor series: entire enough here."""
    c = taylor(f, 0, 160 if parity == 2 else 40)
    kept = c[order::parity]
    return lambda x: polyval(kept[::-1], x)


def fits():
    e = over(exp, 2, 1)
    for single, terms in ((True, 5), (False, 10)):
        yield "exp", e, lambda r: abs(r) + mpf("0.02"), -edge, edge, terms, single
    s2 = lambda z: (2 * atanh(sqrt(z)) / sqrt(z) - 2) / z if z > tiny else mpf(2) / 3 + 2 * z / 5
    reach = ((sqrt(2) - 1) / (sqrt(2) + 1)) ** 2 * mpf("1.02")
    for single, terms in ((True, 3), (True, 4), (False, 7)):
        yield "log", s2, lambda z: z / 2, 0, reach, terms, single
    s4 = lambda z: (s2(z) - mpf(2) / 3) / z if z > tiny else mpf(2) / 5 + 2 * z / 7
    yield "pow f64: log", s4, lambda z: z * z / 2, 0, reach, 8, False
    yield "pow f64: log", s4, lambda z: z * z / 2, 0, reach, 9, False
    yield "pow f32: log2 (all terms)", lambda z: (2 + z * s2(z)) / ln2, lambda z: 1 / mpf(2), 0, reach, 6, False
    yield "pow f32: exp2 (all terms)", lambda t: exp(t * ln2), lambda t: 1, -0.505, 0.505, 8, False
    for single, terms in ((True, 3), (True, 4), (False, 6), (False, 7)):
        yield "sin", over(sin, 3, 2), lambda z: z, 0, quarter, terms, single
        yield "cos", over(cos, 4, 2), lambda z: z * z, 0, quarter, terms - (0 if single else 0), single
    tangent = lambda z: (tan(sqrt(z)) / sqrt(z) - 1) / z if z > tiny else mpf(1) / 3 + 2 * z / 15
    for single, terms in ((True, 6), (True, 7), (False, 13), (False, 14)):
        yield "tan", tangent, lambda z: z, 0, quarter, terms, single
    inverse = lambda z: (atan(sqrt(z)) / sqrt(z) - 1) / z if z > tiny else -mpf(1) / 3 + z / 5
    for single, terms in ((True, 8), (True, 9), (False, 18), (False, 19)):
        yield "atan", inverse, lambda z: z, 0, 1, terms, single
    hyperbolic = lambda z: (tanh(sqrt(z)) / sqrt(z) - 1) / z if z > tiny else -mpf(1) / 3 + 2 * z / 15
    for single, terms in ((True, 4), (True, 5), (False, 9), (False, 10)):
        yield "tanh", hyperbolic, lambda z: z, 0, mpf("0.5494") ** 2, terms, single
    error = lambda z: erf(sqrt(z)) / sqrt(z) if z > tiny else 2 / sqrt(pi) * (1 - z / 3)
    for single, terms in ((True, 6), (True, 7), (False, 12), (False, 13)):
        yield "erf, small", error, lambda z: 1, 0, 1, terms, single
    for single, high, sizes in ((True, 4, (8, 9, 10)), (False, 6, (18, 20, 22))):
        for terms in sizes:
            yield "erf, large, in x - 1", lambda u: tail_of_erfc(u + 1), lambda u: erfc(u + 1), 0, high - 1, terms, single

for fit in fits():
    if len(sys.argv) < 2 or sys.argv[1] in fit[0]:
        show(*fit)

print("\nln 2 and π/2 in parts")
for single in (True, False):
    rest, parts = pi / 2, []
    for _ in range(4):
        parts.append(literal(rest, single))
        rest -= mpf(float(parts[-1])) if not single else mpf(rounded(float(parts[-1]), True))
    print("π/2", parts)
    for bits in ((15, 12, 53, 32)[:2] if single else (53, 32)):
        high = mp.floor(ln2 * mpf(2) ** bits) / mpf(2) ** bits
        print(f"ln2, {bits} bits", literal(high, single), literal(ln2 - high, single))
print("2/3", literal(mpf(2) / 3, False), literal(mpf(2) / 3 - mpf(float(mpf(2) / 3)), False))
