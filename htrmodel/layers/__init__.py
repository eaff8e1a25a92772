"""The layers of the four-stage family, one module each.

Modules and parameters carry the names that clova's deep-text-recognition-benchmark gives them in its checkpoints
(``FeatureExtraction.ConvNet.conv0_1.weight``), because these names are the format in which the weights are exchanged.

May import `htrmodel.tokenizer`.
"""
