"""xinyin"""
