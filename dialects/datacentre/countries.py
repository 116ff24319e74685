"""Countries in Chinese, as `nationality` and `issuing_country` want them (datacentre-ticket-order.md, 22).

The usual ones; a partner's settings add to them or correct them.
"""

from collections.abc import Mapping

CHINESE_NAMES: Mapping[str, str] = {
    "AE": "阿联酋", "AR": "阿根廷", "AT": "奥地利", "AU": "澳大利亚", "BD": "孟加拉国", "BE": "比利时",
    "BN": "文莱", "BO": "玻利维亚", "BR": "巴西", "CA": "加拿大", "CH": "瑞士", "CL": "智利",
    "CN": "中国", "CO": "哥伦比亚", "CZ": "捷克", "DE": "德国", "DK": "丹麦", "EG": "埃及",
    "ES": "西班牙", "ET": "埃塞俄比亚", "FI": "芬兰", "FR": "法国", "GB": "英国", "GR": "希腊",
    "HK": "中国香港", "HU": "匈牙利", "ID": "印度尼西亚", "IE": "爱尔兰", "IL": "以色列", "IN": "印度",
    "IR": "伊朗", "IT": "意大利", "JO": "约旦", "JP": "日本", "KE": "肯尼亚", "KH": "柬埔寨",
    "KP": "朝鲜", "KR": "韩国", "KZ": "哈萨克斯坦", "LA": "老挝", "LK": "斯里兰卡", "MA": "摩洛哥",
    "MM": "缅甸", "MN": "蒙古", "MO": "中国澳门", "MU": "毛里求斯", "MV": "马尔代夫", "MX": "墨西哥",
    "MY": "马来西亚", "NG": "尼日利亚", "NL": "荷兰", "NO": "挪威", "NP": "尼泊尔", "NZ": "新西兰",
    "PE": "秘鲁", "PH": "菲律宾", "PK": "巴基斯坦", "PL": "波兰", "PT": "葡萄牙", "QA": "卡塔尔",
    "RO": "罗马尼亚", "RS": "塞尔维亚", "RU": "俄罗斯", "SA": "沙特阿拉伯", "SE": "瑞典", "SG": "新加坡",
    "TH": "泰国", "TR": "土耳其", "TW": "中国台湾", "TZ": "坦桑尼亚", "UA": "乌克兰", "US": "美国",
    "UZ": "乌兹别克斯坦", "VN": "越南", "ZA": "南非",
}  # fmt: skip
"""By ISO 3166-1 alpha-2."""

CODES: Mapping[str, str] = {name: code for code, name in CHINESE_NAMES.items()}
