"""What steps run on the caller's machine, from the project's folder: `python3 -m local.send_scripts`.

The standard library and `render/` are all that it imports; ECR's token alone needs boto3.
"""
