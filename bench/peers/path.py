"""The path linear_vp_sde (Song et al. 2021, appendix C): coefficients at times t, in the array library that is given.
Written once for both peers; `xp` has exp, expm1 and sqrt."""

BETA0, BETA1 = 0.1, 20.0
T_MIN = 1e-5


def coefficients(xp, t):
    """s, sigma, ds/dt, dsigma/dt, drift f and g²."""
    beta = BETA0 + t * (BETA1 - BETA0)
    log_scale = -(t * (t * (0.25 * (BETA1 - BETA0)) + 0.5 * BETA0))
    scale = xp.exp(log_scale)
    std = xp.sqrt(-xp.expm1(2 * log_scale))
    drift = -0.5 * beta
    return scale, std, drift * scale, 0.5 * beta * scale * scale / std, drift, beta


def velocity_of_noise(xp, t, x, noise):
    """The velocity f x − ½g² S of the score S = −noise/σ."""
    _, std, _, _, drift, g2 = coefficients(xp, t)
    return drift * x + 0.5 * g2 / std * noise
