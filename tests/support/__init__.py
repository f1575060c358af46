"""What tests of several layers share: photos drawn in code, small models and runs, stand-ins, strange files."""
