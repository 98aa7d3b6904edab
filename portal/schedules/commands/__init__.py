"""What a person can ask of plans: `intent` is what a command comes to, `spoken` how forms carry one."""
