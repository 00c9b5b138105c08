"""Veiviser: which child-welfare services need guidance most, how sure are we, and did the guidance help?"""
