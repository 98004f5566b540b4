//! Gaussian probability paths, their schedules, and conversions between parameterizations.
