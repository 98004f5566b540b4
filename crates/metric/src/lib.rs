//! Distances between samples: sliced Wasserstein and friends.
