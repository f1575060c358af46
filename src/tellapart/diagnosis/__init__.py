"""Why a classifier is not better: controlled experiments on the user's own photos, and what would help."""
