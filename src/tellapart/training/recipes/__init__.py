"""A recipe is a function from training material to a proven model file.

best.py           the recipe `best`
best_plan.py      how deep fine-tuning goes
export.py         turn what was trained into a `model.onnx` that another program has proven
from_pixels.py    the recipes that train a whole network on the photos themselves: `classic` and `scratch`
quick.py          the recipe `quick`
recipe_result.py  what a recipe hands over
"""
