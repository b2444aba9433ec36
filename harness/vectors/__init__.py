"""Directions on their way out of the harness and into it: control vectors of llama.cpp and repeng, plain safetensors."""
