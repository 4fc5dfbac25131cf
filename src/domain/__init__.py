"""The shop's rules for running jobs and the jobs themselves; standard library only."""
