"""Times the same work in torch, with diffusers' own model: the counterpart of bench/run.ts.

python3 bench/peers/torch_bench.py train|sample --checkpoint DIR [--method full|lora] [--batch N]
    [--resolution PX] [--steps N] [--gradient-checkpointing]

Needs torch, peft and a checkout of diffusers on PYTHONPATH. Ends with one JSON line. Comparison only.
"""

import argparse
import json
import resource
import statistics
import time

import torch
from diffusers import UNet2DConditionModel
from peft import LoraConfig

parser = argparse.ArgumentParser()
parser.add_argument("work", choices=["train", "sample"])
parser.add_argument("--checkpoint", required=True)
parser.add_argument("--method", choices=["full", "lora"], default="full")
parser.add_argument("--batch", type=int, default=8)
parser.add_argument("--resolution", type=int)
parser.add_argument("--tokens", type=int, required=True)
parser.add_argument("--steps", type=int, default=10)
parser.add_argument("--gradient-checkpointing", action="store_true")
args = parser.parse_args()

started = time.perf_counter()
torch.manual_seed(0)
unet = UNet2DConditionModel.from_pretrained(args.checkpoint, subfolder="unet", torch_dtype=torch.float32)
side = args.resolution // 8 if args.resolution else unet.config.sample_size
latents = torch.randn(args.batch, unet.config.in_channels, side, side)
states = torch.randn(args.batch, args.tokens, unet.config.cross_attention_dim)
timesteps = torch.full((args.batch,), 500)


def predict():
    with torch.inference_mode():
        unet(latents, timesteps, states)


def train_step():
    prediction = unet(latents, timesteps, states).sample
    loss = torch.nn.functional.mse_loss(prediction, target)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(trained, 1.0)
    optimizer.step()
    optimizer.zero_grad()


if args.work == "train":
    if args.method == "lora":
        unet.requires_grad_(False)
        targets = ["to_q", "to_k", "to_v", "to_out.0"]
        unet.add_adapter(LoraConfig(r=16, lora_alpha=16, target_modules=targets))
    unet.train()
    if args.gradient_checkpointing:
        unet.enable_gradient_checkpointing()
    trained = [parameter for parameter in unet.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=1e-6)
    target = torch.randn_like(latents)
    run_once = train_step
else:
    unet.eval()
    run_once = predict

run_once()
created = time.perf_counter() - started
times = []
for _ in range(args.steps):
    before = time.perf_counter()
    run_once()
    times.append((time.perf_counter() - before) * 1000)
print(
    json.dumps(
        {
            "medianMs": round(statistics.median(times), 1),
            "bestMs": round(min(times), 1),
            "peakRssMb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
            "createMs": round(created * 1000, 1),
        }
    )
)
