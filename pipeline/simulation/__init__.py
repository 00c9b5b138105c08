"""A country with known truth, written in the publishers' own formats."""

from pipeline.simulation.country import Delivery, deliveries, truth
from pipeline.simulation.parameters import Parameters, read_parameters
from pipeline.simulation.truth import Truth

__all__ = ["Delivery", "Parameters", "Truth", "deliveries", "read_parameters", "truth"]
