"""The node editor in a browser, beside the incumbent's canvas library."""
