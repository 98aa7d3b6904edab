"""What learners do with their items, and what educators see of it: today, the week, progress, the class grid."""
