//! Objectives, models, sampling, optimisers, training and checkpoints, composed from the crates below.
