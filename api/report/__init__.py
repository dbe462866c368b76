"""What a person can hand in when something is wrong: made here, looked at on the page, and sent nowhere."""
