"""Assumptions of Theorem 1 dropped in turn: is each needed, and what goes wrong without it?"""
