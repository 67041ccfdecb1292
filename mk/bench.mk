# Figures, never tests: medians side by side with the peers, in one run.
