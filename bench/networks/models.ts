// A diffusion model of thalweg with the network that a request names: built in, or one of those written in TypeScript here.
// Time encoder and path are the same for all.
import { type config, DiffusionModel, registerModule } from "thalweg";
import type { Network } from "../lib/protocol.ts";
import { ConvNet } from "./conv-net.ts";
import { DiT } from "./dit.ts";
import { ResidualNet } from "./residual-net.ts";

/** Width of the encoded time. */
const TIME = 32;

const residualNet = registerModule("BenchResidualNet", ResidualNet);
const dit = registerModule("BenchDiT", DiT);
const convNet = registerModule("BenchConvNet", ConvNet);

function backbone(network: Network, [first, side = 1]: readonly number[]): config.BackboneConfig {
  switch (network.kind) {
    case "residual":
      return {
        type: "TemporalSpatialResidualNet",
        args: { hiddenSizes: network.hidden, outputDim: first, tDim: TIME },
      };
    case "twin":
      return residualNet({ hidden: network.hidden, size: first, time: TIME });
    case "dit":
      return dit({ ...network, channels: first, side, time: TIME });
    case "conv":
      return convNet({ channels: first, width: network.width, time: TIME });
    case "unet":
      return {
        type: "unet_2D",
        args: {
          inChannels: first,
          modelChannels: network.width,
          channelMult: network.mult,
          numResBlocks: 1,
          attentionResolutions: [2 ** (network.mult.length - 1)],
          numHeads: network.heads,
          timeFactor: 1000,
        },
      };
  }
}

/** The encoder of the time; a U-Net encodes it itself. */
const encoder = ({ kind }: Network): { readonly tEncoder?: config.EncoderConfig } =>
  kind === "unet"
    ? {}
    : { tEncoder: { type: "GaussianFourierProjectionTimeEncoder", args: { embedDim: TIME, scale: 30 } } };

/** The model for samples of this shape. */
export function makeModel(network: Network, shape: readonly number[]) {
  return new DiffusionModel({
    xSize: shape,
    path: { type: "linear_vp_sde", beta0: 0.1, beta1: 20 },
    model: {
      type: "noise_function",
      args: {
        ...encoder(network),
        backbone: backbone(network, shape),
      },
    },
  });
}
