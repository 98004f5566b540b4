// The names of built-in backbones, written by scripts/generate-schemas.mjs from the Rust registries.
// Do not edit: it is rewritten whenever the addon is built.

/** Names that {@link registerModule} refuses. */
export const backboneNames: readonly string[] = ["MultiLayerPerceptron","ConcatenateMLP","TemporalSpatialResidualNet","TemporalSpatialConditionalResidualNet","ConcatenateLayer","MLPResNet","TemporalConcatenateMLPResNet","DiT","DiT1D","DiT3D","unet_1D","unet_2D","UViT","FNO1d","FNO2d","FNO1dTemporal","FNO2dTemporal","FNO2dTemporalMultivariable"];
