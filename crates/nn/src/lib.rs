//! Encoders, layers and backbones, with GenerativeRL's parameter names.
