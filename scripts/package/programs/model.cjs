// A small model of the programs beside this one, which run in a folder where thalweg is installed.
// CommonJS, so that every one of them can load it.
exports.config = {
  xSize: 2,
  path: { type: "linear_vp_sde" },
  model: {
    type: "noise_function",
    args: {
      tEncoder: { type: "GaussianFourierProjectionTimeEncoder", args: { embedDim: 16 } },
      backbone: { type: "TemporalSpatialResidualNet", args: { hiddenSizes: [64, 32], outputDim: 2, tDim: 16 } },
    },
  },
};
