"""What a package can add to Turnout. Each module is imported when its thing is first asked for, and not before."""
