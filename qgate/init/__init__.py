"""`qgate init`: what a repository holds, the charter that it could have, the workflow, and the first lock."""
