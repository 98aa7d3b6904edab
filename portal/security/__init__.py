"""Who is asking and what they may do: permissions, authorize(), passwords, sign-ins."""
